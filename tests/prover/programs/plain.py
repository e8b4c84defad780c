print("no proof in here")
